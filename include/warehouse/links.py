"""Where links lead to."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from include.warehouse.lists import first_of_each, grouped, owners

_HOST = (
    r"^(?i:https?)://(?:[^/?#]*@)?(?i:www\.)?"
    r"(?P<host>(?:[^\s/?#:@\[\].]+\.)+[^\s/?#:@\[\].0-9][^\s/?#:@\[\].]*)\.?(?::\d*)?(?:[/?#]|$)"
)
"""A name with a dot whose last label does not begin with a digit: no address of numbers."""
_OF_X = r"(?:^|\.)(?:x|twitter)\.com$|^t\.co$"


def domain_of(urls: pa.Array) -> pa.Array:
    """The host that each link of a post leads to, lower case and without ``www.``.

    Args:
        urls: structs as of the column ``urls`` of ``curated/tweets``.

    Returns:
        Texts. Of a link's addresses the one furthest on counts: unwound, else expanded, else
        X's short one, ``t.co``. Null where that names no host with a dot in it, as an address of
        numbers. No list of public suffixes is asked: ``news.example.org`` and ``example.org``
        are two.
    """
    target = pc.coalesce(
        pc.struct_field(urls, "unwound_url"),
        pc.struct_field(urls, "expanded_url"),
        pc.struct_field(urls, "url"),
    )
    # Up to the third slash, each different one once: links are many, sites are few.
    starts = pc.list_slice(pc.split_pattern(target, "/", max_splits=3), 0, 3)
    sites = pc.binary_join(starts, "/").dictionary_encode()
    hosts = pc.utf8_lower(pc.struct_field(pc.extract_regex(sites.dictionary, _HOST), "host"))
    return hosts.take(sites.indices)


def link_domains(urls: pa.Array, domains: pa.Array) -> pa.Array:
    """The different domains of each post's links, in their order, without X's own.

    Links to posts, photos and videos on X itself, and short ones that X did not expand, are left
    out: nearly every post with a picture has one.

    Args:
        urls: the links of each post.
        domains: :func:`domain_of` all these links, in order.
    """
    domains = domains.dictionary_encode()
    own = pc.match_substring_regex(domains.dictionary, _OF_X)
    elsewhere = pc.fill_null(pc.invert(own.take(domains.indices)), fill_value=False)
    domains, rows = (
        domains.filter(elsewhere),
        owners(urls)[elsewhere.to_numpy(zero_copy_only=False)],
    )
    first = first_of_each(rows, domains.indices.to_numpy())
    return grouped(domains.take(first).cast(pa.string()), rows[first], len(urls))
