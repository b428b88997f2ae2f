"""Who speaks when and what: turns of a conversation, from transcripts and diarizations."""

from affetto.conversations.reading import read_turns
from affetto.conversations.turn import Turn

__all__ = ["Turn", "read_turns"]
