"""Odd targets: what is shortened, and the request target that must arrive at its server.

Both begin after the number that tells the targets apart. A URI may have the characters in PATH and QUERY there; every
other character arrives percent-encoded, and so does a percent sign that no two hexadecimal digits follow.
"""

PATH = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/"
# In the query of http and https, the URL standard encodes the apostrophe as well.
QUERY = PATH.replace("'", "") + "?"

# Out of bug reports and test suites of shorteners and HTTP clients.
REPORTED = [
    ("/?foo=|&bar=", "/?foo=%7C&bar="),
    ("/?c={x}", "/?c=%7Bx%7D"),
    ("/a^b", "/a%5Eb"),
    ("/?q=a\\b", "/?q=a%5Cb"),
    ("/a\\b", "/a/b"),
    ("/x[1]", "/x%5B1%5D"),
    ("/?a[]=1&a[]=2", "/?a%5B%5D=1&a%5B%5D=2"),
    ("/%zz", "/%25zz"),
    ("/%", "/%25"),
    ("/100%/x?y=50%", "/100%25/x?y=50%25"),
    ("/%%41%4", "/%25%41%254"),
    ("/%E6", "/%E6"),
    ("/%0%0%0DAD", "/%250%250%0DAD"),
    ("/a%2fb%2Fc", "/a%2fb%2Fc"),
    ("/%7b%22Tid%22%3a", "/%7b%22Tid%22%3a"),
    ("/?next=https%3A%2F%2Fexample.com%2F%3Fa%3D1", "/?next=https%3A%2F%2Fexample.com%2F%3Fa%3D1"),
    ("/?next=https://example.com/?a=1", "/?next=https://example.com/?a=1"),
    ("/web/2020/https://example.com/", "/web/2020/https://example.com/"),
    ("/?pub_id=28CL11&url=https://example.com/a", "/?pub_id=28CL11&url=https://example.com/a"),
    ("/v0/b/app.appspot.com/o/a%2Fb.png?alt=media", "/v0/b/app.appspot.com/o/a%2Fb.png?alt=media"),
    ("/;jsessionid=1?x=2", "/;jsessionid=1?x=2"),
    ("//double//slash", "//double//slash"),
    ("/a/./b/../c", "/a/c"),
    ("/a/%2e%2E/c", "/c"),
    ("/a b", "/a%20b"),
    ("/?q=a b+c", "/?q=a%20b+c"),
    ('/?q="exact phrase"', "/?q=%22exact%20phrase%22"),
    ("/<b>?<i>", "/%3Cb%3E?%3Ci%3E"),
    ("/`x`", "/%60x%60"),
    ("/\u00fc?\u00fc", "/%C3%BC?%C3%BC"),
    ("/\u4e2d\u6587/\u0646", "/%E4%B8%AD%E6%96%87/%D9%86"),
    ("/\u2764\ufe0f", "/%E2%9D%A4%EF%B8%8F"),
    ("/1\ufe0f\u20e3", "/1%EF%B8%8F%E2%83%A3"),
    ("/\U0001f600", "/%F0%9F%98%80"),
    ("/%E2%80%8B", "/%E2%80%8B"),
    ("/?abc#123", "/?abc"),
    ("/#/spa?x=[1]", "/"),
    ("/#a#b", "/"),
    ("/?a#%zz|", "/?a"),
    ("/404#[[0,1,%22jargon%20\\%22Don%27t\\%22]]", "/404"),
    ("/app/discover#/?_g=(time:(from:now-1h))&_a=(query:'a b')", "/app/discover"),
    (
        "/?_a=(filters:!(),query:(language:kuery,query:'x:1'))",
        "/?_a=(filters:!(),query:(language:kuery,query:%27x:1%27))",
    ),
    ("/?d=eyJhIjoxfQ==", "/?d=eyJhIjoxfQ=="),
    ("/@user@host/1", "/@user@host/1"),
    ("/wiki/C++_(language)", "/wiki/C++_(language)"),
    ("/*/a*", "/*/a*"),
    ("/$1,000", "/$1,000"),
    ("/~user/a.b-c_d", "/~user/a.b-c_d"),
    ("/Mr.", "/Mr."),
    ("?&&a&=b&", "?&&a&=b&"),
    ("/?a?b?c", "/?a?b?c"),
    ("/?a=1;b=2", "/?a=1;b=2"),
    ("/?q=%2B+%26&%41=%61", "/?q=%2B+%26&%41=%61"),
    ("/?" + "a" * 7_000, "/?" + "a" * 7_000),
]


def encoded(character, fit):
    """The character as it arrives, if `fit` are those that a URI may have there."""
    return character if character in fit else "".join(f"%{byte:02X}" for byte in character.encode())


def targets():
    """Every odd target, with what must arrive."""
    yield from REPORTED
    for code in range(0x20, 0x7F):
        character = chr(code)
        if character not in "?#\\":
            yield f"/p{character}z", f"/p{encoded(character, PATH)}z"
        if character != "#":
            yield f"/?q{character}z", f"/?q{encoded(character, QUERY)}z"
        # At the very end, and in the fragment, which is not sent.
        if character not in " ?#\\/":
            yield f"/e{character}", f"/e{encoded(character, PATH)}"
        yield f"/f#{character}z", "/f"
