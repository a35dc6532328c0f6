"""Region proposers: where the objects of an image are, behind one small interface."""
