"""Archives from elsewhere: fetched, verified, unpacked without harm, and kept.

Nothing in an archive is believed: see ``unpack`` for what is refused, and
``store`` for what is on the disk.
"""
