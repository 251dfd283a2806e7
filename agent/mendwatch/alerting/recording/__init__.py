"""The record of what the rules saw, so that they can be asked again: its nouns, its bytes, and how it is lived through anew."""
