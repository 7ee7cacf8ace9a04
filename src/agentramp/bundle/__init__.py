"""From a folder to a component a Blocklet Server installs: a reproducible gzipped tar.

``recipe`` says what is to be made, ``layout`` which files it has, ``dependencies`` brings what
package.json asks for, ``tarball`` writes and reads the file, ``build`` is all of it and ``store``
keeps what was built, so that it can be installed again.
"""
