"""What noise, rooms, lines and codecs cost a model."""
