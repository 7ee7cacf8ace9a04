"""Who this run is: where an access key comes from, and how it is renewed."""
