"""The Discuss Kit of a site: its boards and the documents on them."""
