"""The robustness test: what noise, rooms, telephones and codecs cost a model."""
