"""The static site of a run: a page a state and a county, the map, downloads, methods, data notes.

Plain files for any web server, or opened from a folder. Every page holds its own style, nothing is loaded from a
network, and every link is relative, so that the site works below any path. A number on a page is one of the run's own
files.
"""

from matcare.publish.site.downloads import Download, write_downloads
from matcare.publish.site.marker import MARK, claim, refuse_other_folders, settle
from matcare.publish.site.pages import write_pages
from matcare.publish.site.place_pages import places_of_site, write_place_pages

__all__ = [
    "MARK",
    "Download",
    "claim",
    "places_of_site",
    "refuse_other_folders",
    "settle",
    "write_downloads",
    "write_pages",
    "write_place_pages",
]
