"""Snapshots as readable files of their own kind."""

from __future__ import annotations

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class TextSnapshot(SingleFileSnapshotExtension):
    """One .txt file per snapshot."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


class JsonSnapshot(TextSnapshot):
    """One .json file per snapshot, byte for byte."""

    file_extension = "json"


class MarkdownSnapshot(TextSnapshot):
    """One .md file per snapshot."""

    file_extension = "md"


class CsvSnapshot(TextSnapshot):
    """One .csv file per snapshot."""

    file_extension = "csv"
