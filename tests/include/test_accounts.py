from datetime import UTC, date, datetime

import pytest

from include.accounts import load_json, parse_accounts
from include.connections import ACCOUNTS_FILE
from include.errors import BadConfiguration


def test_json_and_yaml_say_the_same():
    from_json = parse_accounts('[{"username": "NASA", "exclude": ["replies"]}]', "json")
    from_yaml = parse_accounts("- username: NASA\n  exclude: [replies]\n", "yaml")
    assert from_json == from_yaml
    assert from_json[0].name == "nasa"
    assert from_json[0].enabled


def test_the_file_that_ships_is_right():
    assert parse_accounts(ACCOUNTS_FILE.read_text(encoding="utf-8"), "include/accounts.yaml")


def test_start_date_is_midnight_utc_and_2022_by_default():
    first, second = parse_accounts(
        "[{username: a}, {username: b, start_date: 2025-03-01}]", "accounts"
    )
    assert first.start_date == date(2022, 1, 1)
    assert second.start == datetime(2025, 3, 1, tzinfo=UTC)


def test_keywords_become_a_query_of_that_account():
    account = parse_accounts(
        '[{"username": "esa", "keywords": ["launch", "mars rover", "#Artemis"], '
        '"exclude": ["replies", "retweets"]}]',
        "accounts",
    )[0]
    assert account.query == ('from:esa (launch OR "mars rover" OR #Artemis) -is:reply -is:retweet')


def test_a_search_is_followed_like_an_account():
    search, account = parse_accounts(
        "[{name: moon, query: 'moon has:media', start_date: 2025-03-01}, {username: nasa}]", "a"
    )
    assert (search.name, search.query, search.enabled) == ("moon", "moon has:media", True)
    assert search.start == datetime(2025, 3, 1, tzinfo=UTC)
    assert account.name == "nasa"


def test_the_words_of_x_s_language_are_keywords_like_others():
    account = parse_accounts('[{"username": "esa", "keywords": ["and", "OR", "orbit"]}]', "a")[0]
    assert account.query == 'from:esa ("and" OR "OR" OR orbit)'


def test_an_operator_in_a_keyword_is_only_a_phrase():
    account = parse_accounts('[{"username": "esa", "keywords": ["x OR from:nasa"]}]', "a")[0]
    assert account.query == 'from:esa ("x OR from:nasa")'


def test_json_may_be_indented_with_tabs():
    text = '[\n\t{\n\t\t"username": "nasa"\n\t}\n]'
    assert parse_accounts(text, "json", loads=load_json)[0].name == "nasa"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{username: nasa}]", "can't be read as JSON"),
        ('[{"username": "nasa", "enabled": false, "enabled": true}]', "'enabled' stands 2 times"),
    ],
)
def test_json_is_read_strictly(text, said):
    with pytest.raises(BadConfiguration, match=f"my variable.*{said}"):
        parse_accounts(text, "my variable", loads=load_json)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[{username: nasa, enbaled: false}]",
            r"entry 1 \('nasa'\), field 'enbaled'.*known fields",
        ),
        ("[{username: ok}, {username: not ok}]", r"entry 2 \('not ok'\), field 'username'"),
        ("[{enabled: true}]", r"entry 1 \('no username'\), field 'username'"),
        ("[{username: nasa, exclude: [likes]}]", "field 'exclude.0'"),
        ("[{username: nasa, start_date: soon}]", "field 'start_date'"),
        ("[{username: nasa, keywords: ['']}]", "field 'keywords.0'"),
        ("[nasa]", "entry 1 is 'nasa'"),
        ("[]", "at least one account"),
        ("username: nasa", "must be a list"),
        ("[{username: nasa", "can't be read as YAML"),
        ("[{username: nasa, start_date: 2025-13-45}]", "can't be read as YAML: month"),
        ("[{username: nasa, enabled: false}]", "no account is enabled"),
        ("[{username: nasa}, {username: NASA}]", "'nasa' is listed 2 times"),
        ("[{username: nasa}, {name: nasa, query: moon}]", "'nasa' is listed 2 times"),
        ("[{username: nasa, query: moon}]", r"entry 1 \('nasa'\), field 'name'"),
        ("[{name: Moon, query: moon}]", r"entry 1 \('Moon'\), field 'name'"),
        ("[{name: moon, query: 'form:nasa'}]", "'moon'.*field 'query'.*did you mean 'from'"),
        ("[{username: nasa, enabled: false, enabled: true}]", "'enabled' stands 2 times"),
    ],
)
def test_an_error_names_source_entry_and_field(text, said):
    with pytest.raises(BadConfiguration, match=f"my file.*{said}"):
        parse_accounts(text, "my file")


def test_a_query_that_x_would_refuse_is_refused_before_it_is_sent():
    words = [f"keyword{number:03d}" for number in range(60)]
    with pytest.raises(BadConfiguration, match=r"field 'keywords'.*X takes 512"):
        parse_accounts(f'[{{"username": "esa", "keywords": {words}}}]'.replace("'", '"'), "a")
