"""A folder of Markdown as the documents of a site."""
