"""What the roof will yield: its shape and its skies, learned from the home's own block means.

Pure arithmetic but for `feed` (steps, store) and `open_meteo` (the only file here that asks a server).
"""
