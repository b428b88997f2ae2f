"""Who speaks when and what: turns of a conversation, from transcripts and diarizations."""

from affetto.conversations.turn import Turn

__all__ = ["Turn"]
