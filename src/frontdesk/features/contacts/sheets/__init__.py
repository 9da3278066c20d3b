"""Tables in files: read row by row within limits, columns recognised, written so that no cell is a formula."""

from frontdesk.features.contacts.sheets.columns import Layout, guess_columns, place_columns
from frontdesk.features.contacts.sheets.rows import (
    DELIMITERS,
    ENCODINGS,
    MAX_COLUMNS,
    MAX_FILE_BYTES,
    MAX_ROWS,
    FileKind,
    Reading,
    Row,
    Table,
    open_table,
)
from frontdesk.features.contacts.sheets.writing import MEDIA_TYPES, RowWriter, restore, rows_writer, write_row

__all__ = [
    "DELIMITERS",
    "ENCODINGS",
    "MAX_COLUMNS",
    "MAX_FILE_BYTES",
    "MAX_ROWS",
    "MEDIA_TYPES",
    "FileKind",
    "Layout",
    "Reading",
    "Row",
    "RowWriter",
    "Table",
    "guess_columns",
    "open_table",
    "place_columns",
    "restore",
    "rows_writer",
    "write_row",
]
