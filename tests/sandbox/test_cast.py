import re

import pytest

from sandbox.cast import CAST, Directory, Kind, Vocabulary, demo_accounts


def test_usernames_are_such_as_x_allows_and_come_once():
    names = [account.username for account in CAST]
    assert all(re.fullmatch(r"[A-Za-z0-9_]{1,15}", name) for name in names)
    assert len(set(names)) == len(names) >= 14


def test_every_kind_of_trouble_is_in_the_cast():
    kinds = {account.kind for account in CAST}
    assert kinds == set(Kind) - {Kind.LOAD}


def test_at_least_three_accounts_answer_in_the_new_vocabulary():
    assert sum(account.vocabulary is Vocabulary.NEW for account in CAST) >= 3


def test_user_ids_lead_back_to_their_account():
    directory = Directory(["extra_one", "extra_two"])
    names = [a.username for a in CAST] + ["load_0000", "load_9999", "extra_one", "extra_two"]
    accounts = [directory.by_username(name) for name in names]
    assert [directory.by_id(a.user_id) for a in accounts if a] == accounts
    assert len({a.user_id for a in accounts if a}) == len(names)


def test_names_are_found_in_any_case_and_others_not_at_all():
    directory = Directory()
    assert directory.by_username("Harbour_NEWS") is CAST[0]
    assert directory.by_username("nobody_at_all") is None
    assert directory.by_username("load_12345") is None
    assert directory.by_id("12") is None


def test_an_extra_account_has_the_same_id_whoever_lives_beside_it():
    alone = Directory(["extra_one"]).by_username("extra_one")
    crowded = Directory(["another", "extra_one", "yet_another"]).by_username("extra_one")
    assert alone == crowded


def test_an_extra_username_that_x_would_refuse_is_named():
    with pytest.raises(ValueError, match="no spaces please"):
        Directory(["no spaces please"])


def test_the_demo_follows_the_whole_cast_with_two_filters():
    accounts = demo_accounts()
    assert [a["username"] for a in accounts] == [a.username for a in CAST]
    assert [a["exclude"] for a in accounts if "exclude" in a] == [["replies", "retweets"]]
    assert len([a for a in accounts if a.get("keywords")]) == 1
