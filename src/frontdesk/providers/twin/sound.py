"""Small media made on the spot: a voicemail's tone, a silent MP3, a one-pixel picture."""

from __future__ import annotations

import base64
import io
import math
import struct
import wave
from typing import Final

_RATE: Final = 8000
_LONGEST_SECONDS: Final = 3
_SILENT_MP3_FRAME: Final = b"\xff\xfb\x90\xc4" + bytes(413)  # MPEG-1 layer III, 128 kbit/s, 44.1 kHz, mono
_FRAMES_PER_SECOND: Final = 44_100 / 1152
_ONE_PIXEL_PNG: Final = base64.b64decode(
    b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def tone_wav(seconds: int) -> bytes:
    """Make a quiet 440 Hz tone, 8 kHz mono 16 bit; no longer than 3 s however long the recording claims to be."""
    length = min(max(seconds, 1), _LONGEST_SECONDS) * _RATE
    samples = (int(4000 * math.sin(2 * math.pi * 440 * at / _RATE)) for at in range(length))
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(struct.pack(f"<{length}h", *samples))
    return out.getvalue()


def silent_mp3(seconds: int) -> bytes:
    """Make a valid MP3 of silence, no longer than 3 s."""
    return _SILENT_MP3_FRAME * math.ceil(min(max(seconds, 1), _LONGEST_SECONDS) * _FRAMES_PER_SECOND)


def sample_of(content_type: str) -> bytes:
    """Make a small file of a type: picture, sound, or a line of text."""
    if content_type.startswith("image/"):
        return _ONE_PIXEL_PNG
    if content_type.startswith("audio/"):
        return tone_wav(1)
    return b"a file from the twin\n"
