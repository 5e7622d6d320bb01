"""The grant bundle: one ZIP with what a grant writer attaches or cites, the same bytes for the same run."""

from matcare.publish.bundle.archive import write_archive
from matcare.publish.bundle.documents import write_documents
from matcare.publish.bundle.pages import find_printer, write_briefs, write_bundle_map, write_figures
from matcare.publish.bundle.readme import workbook_lines
from matcare.publish.bundle.selection import Selection, select_places
from matcare.publish.bundle.tables import BundleTables, bundle_tables, write_tables
from matcare.publish.bundle.workbook import write_workbook

__all__ = [
    "BundleTables",
    "Selection",
    "bundle_tables",
    "find_printer",
    "select_places",
    "workbook_lines",
    "write_archive",
    "write_briefs",
    "write_bundle_map",
    "write_documents",
    "write_figures",
    "write_tables",
    "write_workbook",
]
