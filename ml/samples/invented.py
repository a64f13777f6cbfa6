"""Which files hold customers of ours who do not exist, by their bytes: names change with the first copy."""

# Each file that the product makes up. `training/tests/test_invented.py` makes them again and compares.
INVENTED = {
    "DatasetA.csv": "eeae8a867fbd5a1bcafa5cd8261d40934f6f3940b2090fb6991c2cc7cbf522ad",
    "sample-customers-with-outcomes.csv": "7a22eb83fe89c79dff3f7dbb3ba3e1b5a4afd38f7114f3571780ff65de1843f7",
    "sample-members.csv": "f2a533a09ff669e2d9f163e9517423831721c7dc7cc14245b940a9ac174d572a",
    "coffee_shop.csv": "f8dce4f8ac7ef4899bc59c12cf880e6581a5848911421f0a2050270a1f5242c1",
    "ecommerce.csv": "e46b1f018cc4f4381f8ce68773117be81d3390ddee8829e5647470beda21fa27",
    "subscription.csv": "e797f3fab806bbcfd56d296affb72fd6d651bf9706368f00e1346bddf04ace02",
    "gym.csv": "85155bc226ee386f226c45e24fb299bfb0c69732550ee0f0467262563dc8f4a4",
}


def is_invented(sha256):
    """Say whether a file is one of those that the product makes up.

    Parameters
    ----------
    sha256 : str
        Of its bytes, in hexadecimal.

    Returns
    -------
    bool

    Examples
    --------
    >>> is_invented("eeae8a867fbd5a1bcafa5cd8261d40934f6f3940b2090fb6991c2cc7cbf522ad")
    True
    >>> is_invented("0" * 64)
    False
    """
    return sha256 in _HASHES


_HASHES = frozenset(INVENTED.values())
