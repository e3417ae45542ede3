"""`zaohua careers update`: the newest releases from their publishers, and the tables built from them anew."""
