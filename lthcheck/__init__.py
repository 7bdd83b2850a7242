"""lthcheck: does this network, on this data, trained by this recipe, contain a winning ticket?"""

__version__ = "0.1.0"
