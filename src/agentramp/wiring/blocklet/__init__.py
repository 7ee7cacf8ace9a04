"""What the verbs do where the target is a Blocklet Server.

``chosen`` says whether it is, and costs no more than a look into the folder.
"""
