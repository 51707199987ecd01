import json

import pytest

from include.errors import BadConfiguration
from include.settings import parse_settings

LEAST = {
    "bucket": "tweet-lake",
    "alert_to": ["data-team@example.org"],
    "data_docs_url": "https://docs.example.org",
}

TOPIC = "arn:aws:sns:eu-central-1:123456789012:tweet-lake"


def test_three_keys_are_enough():
    settings = parse_settings(json.dumps(LEAST))
    assert settings.bucket == "tweet-lake"
    assert settings.csv is False
    assert (settings.post_read_usd, settings.user_read_usd) == (0.005, 0.010)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"bukcet": "x"}, "bukcet"),
        ({"bucket": "No Such Name"}, "bucket"),
        ({"alert_to": []}, "alert_to: .*name at least one address"),
        ({"alert_by": []}, "alert_by"),
        ({"alert_by": ["pigeon"]}, "alert_by.0: .*'mail' or 'sns'"),
        ({"alert_by": ["mail", "mail"]}, "alert_by: .*name each channel once"),
        ({"alert_by": ["sns"]}, "sns_topic_arn: .*name the topic"),
        ({"sns_topic_arn": "tweet-lake"}, "sns_topic_arn.*'tweet-lake' is not the ARN"),
        ({"sns_topic_arn": f"{TOPIC}.fifo"}, "sns_topic_arn.*FIFO topics can't be used"),
        ({"quiet_hours": -1}, "quiet_hours"),
        ({"late_after_minutes": 0}, "late_after_minutes"),
        ({"alert_to": ["nobody"]}, "alert_to.0"),
        ({"alert_to": ["a(b@example.org"]}, "alert_to.0"),
        ({"csv": "yes"}, "csv"),
        ({"page_size": 500}, "page_size"),
        ({"data_docs_url": "docs"}, "data_docs_url"),
        ({"raw_days": 30}, r"the whole value: .*raw_days is 30, but .*keep it 31 days or longer"),
        ({"raw_days": 0}, "raw_days"),
        ({"validations_days": 9, "history_days": 14}, "the whole value: .*validations_days is 9"),
        (
            {"validations_days": 60},
            "the whole value: .*validations_days is 60, but raw_days is null",
        ),
        (
            {"validations_days": 60, "raw_days": 90, "quarantine_days": 90},
            "the whole value: .*validations_days is 60, but raw_days is 90: .*as long as the pages",
        ),
        ({"glue_database": "my-lake"}, "glue_database"),
        ({"lake_formation_tags": {"domain": "social"}}, "lake_formation_tags: .*'glue_database'"),
        (
            {"expansions": ["geo.place"]},
            "expansions.0.*'geo.place' is no expansion; .*geo.place_id",
        ),
    ],
)
def test_an_error_names_the_key(change, said):
    with pytest.raises(BadConfiguration, match=f"'tweet_lake' is not right: {said}"):
        parse_settings(json.dumps({**LEAST, **change}))


def test_sns_alone_needs_no_address():
    given = {name: value for name, value in LEAST.items() if name != "alert_to"}
    settings = parse_settings(json.dumps({**given, "alert_by": ["sns"], "sns_topic_arn": TOPIC}))
    assert settings.alert_to == ()
    with pytest.raises(BadConfiguration, match=r"alert_to: .*name at least one address"):
        parse_settings(json.dumps(given))


@pytest.mark.parametrize("key", ["bucket", "data_docs_url"])
def test_a_missing_key_is_named(key):
    with pytest.raises(BadConfiguration, match=f"{key}: Field required"):
        parse_settings(json.dumps({name: value for name, value in LEAST.items() if name != key}))


def test_what_is_no_json_is_refused():
    with pytest.raises(BadConfiguration, match="the whole value"):
        parse_settings("bucket: tweet-lake")
