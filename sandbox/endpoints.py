"""The endpoints of the X API: what each of them answers to an honest question."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from heapq import merge
from typing import Any

from fastapi import Request

from sandbox import parameters as p
from sandbox.answers import Answer
from sandbox.cast import Account, Kind, Vocabulary
from sandbox.fates import Fates
from sandbox.field_names import USAGE_FIELDS
from sandbox.paging import Page, read_token, timeline_page
from sandbox.population import Population, key_at
from sandbox.posts import Post
from sandbox.problems import invalid_request, missing_user
from sandbox.search_query import QueryError, parse
from sandbox.usage import Usage
from sandbox.view import View
from sandbox.vocabulary import select

TIMELINE_DEPTH, TIMELINE_DEPTH_WITHOUT_REPLIES = 3_200, 800
_FAULTY_PAGE = 10
_TIMELINE_LAG, _SEARCH_LAG = timedelta(seconds=10), timedelta(seconds=30)
_RECENT, _ALL_BY_DEFAULT = timedelta(days=7), timedelta(days=30)
_END_OF_TIME = 1 << 63

_INTERVAL = ("start_time", "end_time", "since_id", "until_id", "max_results", "pagination_token")
_TIMELINE = (*_INTERVAL, "exclude", *p.POST_OBJECTS)
_SEARCH = (*_INTERVAL, "query", "next_token", "sort_order", *p.POST_OBJECTS)
_EXCLUDED_KINDS = {"replies": "replied_to", "retweets": "retweeted"}

Handle = Callable[[Request], dict[str, Any]]


class Endpoints:
    """Answers about a population; a request brings the moment that it asks about."""

    def __init__(self, population: Population, fates: Fates, usage: Usage) -> None:
        """Take who and what there is, what happened to it, and who counts what is returned."""
        self.population = population
        self.fates = fates
        self.usage = usage

    def routes(self) -> dict[str, Handle]:
        """Return what answers a GET of each path."""
        return {
            "/2/users/by": self.users_by,
            "/2/users": self.users,
            "/2/users/{id}/tweets": self.timeline,
            "/2/tweets": self.tweets,
            "/2/tweets/search/recent": self.search_recent,
            "/2/tweets/search/all": self.search_all,
            "/2/usage/tweets": self.usage_tweets,
        }

    def users_by(self, request: Request) -> dict[str, Any]:
        """GET /2/users/by."""
        return self._users(request, "usernames", self.population.directory.by_username)

    def users(self, request: Request) -> dict[str, Any]:
        """GET /2/users."""
        return self._users(request, "ids", self.population.directory.by_id)

    def _users(
        self, request: Request, parameter: str, look_up: Callable[[str], Account | None]
    ) -> dict[str, Any]:
        parameters = self._parameters(request, (parameter, *p.USER_OBJECTS))
        found = [(value, look_up(value)) for value in parameters.listed(parameter)]
        view = self._view(request)
        there = [account for _, account in found if account and not view.is_gone(account)]
        answer = self._answer(request, parameters, _common_vocabulary(there))
        for value, account in found:
            if view.is_gone(account):
                answer.missing_user(parameter, value, account)
        return answer.users(there)

    def timeline(self, request: Request) -> dict[str, Any]:
        """GET /2/users/{id}/tweets."""
        user_id = str(p.number_of("id", request.path_params["id"]))
        account = self.population.directory.by_id(user_id)
        vocabulary = account.vocabulary if account else Vocabulary.CLASSIC
        parameters = self._parameters(request, _TIMELINE)
        start, end = parameters.interval(request.state.now, _TIMELINE_LAG)
        since, until = parameters.id_range()
        size = parameters.number("max_results", 5, 100, 10)
        excluded = parameters.choices("exclude", frozenset(_EXCLUDED_KINDS))
        token = read_token(parameters, "pagination_token")
        answer, view = self._answer(request, parameters, vocabulary), self._view(request)
        if account is None or not view.is_readable(account):
            return {"errors": [missing_user(vocabulary, "id", user_id, view.standing(account))]}
        depth = TIMELINE_DEPTH_WITHOUT_REPLIES if "replies" in excluded else TIMELINE_DEPTH
        now_key = key_at(request.state.now)
        horizon = self.population.horizon(account, now_key, depth)
        low = max(key_at(start), (since or -1) + 1, horizon)
        high = min(key_at(end), until or _END_OF_TIME)
        if account.kind is Kind.FAULTY:
            size = min(size, _FAULTY_PAGE)
        page = timeline_page(view, account, (low, high), size, token)
        unwanted = {_EXCLUDED_KINDS[name] for name in excluded}
        shown = [post for post in page.posts if not post.reference_kinds & unwanted]
        body = answer.posts(shown)
        body["meta"] = page.meta(shown)
        return body

    def tweets(self, request: Request) -> dict[str, Any]:
        """GET /2/tweets?ids=."""
        parameters = self._parameters(request, ("ids", *p.POST_OBJECTS))
        view = self._view(request)
        found = [(post_id, view.find(int(post_id))) for post_id in parameters.listed("ids")]
        posts = [post for _, post in found if post]
        answer = self._answer(
            request, parameters, _common_vocabulary([post.account for post in posts])
        )
        for post_id, post in found:
            if post is None:
                answer.missing_post("ids", post_id)
        return answer.posts(posts, "ids")

    def search_recent(self, request: Request) -> dict[str, Any]:
        """GET /2/tweets/search/recent."""
        now = request.state.now
        return self._search(request, 100, 512, now - _RECENT, now - _RECENT)

    def search_all(self, request: Request) -> dict[str, Any]:
        """GET /2/tweets/search/all."""
        start = request.state.now - _ALL_BY_DEFAULT
        return self._search(request, 500, 1_024, None, start, reposts=False)

    def _search(
        self,
        request: Request,
        largest: int,
        longest: int,
        earliest: datetime | None,
        default_start: datetime,
        *,
        reposts: bool = True,
    ) -> dict[str, Any]:
        parameters = self._parameters(request, _SEARCH)
        text = parameters.required("query")
        if len(text) > longest:
            msg = f"Invalid 'query': the length [{len(text)}] is more than {longest} characters"
            raise invalid_request("query", text, msg)
        try:
            query = parse(text)
        except QueryError as error:
            msg = f"There were errors processing your request: {error}"
            raise invalid_request("query", text, msg) from error
        parameters.choices("sort_order", frozenset({"recency", "relevancy"}))
        size = parameters.number("max_results", 10, largest, 10)
        since, until = parameters.id_range()
        if parameters.text("start_time") and since is not None:
            msg = "'start_time' and 'since_id' can not be combined"
            raise invalid_request("since_id", str(since), msg)
        start, end = parameters.interval(request.state.now, _SEARCH_LAG, earliest)
        if parameters.text("start_time") is None and since is None:
            start = min(default_start, end - timedelta(seconds=1))
        token = read_token(parameters, "next_token") or read_token(parameters, "pagination_token")
        low = max(key_at(start), (since or -1) + 1)
        high = min(key_at(end), until or _END_OF_TIME, token[1] if token else _END_OF_TIME)
        view = self._view(request)
        accounts = self._searched(view, query.usernames)
        answer = self._answer(request, parameters, _common_vocabulary(accounts))
        streams = (view.between(account, low, high) for account in accounts)
        found: Iterator[Post] = merge(*streams, key=lambda post: post.key, reverse=True)
        matching: Iterator[Post] = filter(query.matches, found)
        if not reposts:  # X leaves them out of the whole archive, and says nothing about it
            matching = (post for post in matching if "retweeted" not in post.reference_kinds)
        posts = list(itertools.islice(matching, size + 1))
        page = Page(posts[:size], older=len(posts) > size, newer=False)
        body = answer.posts(page.posts, "query")
        body["meta"] = page.meta(page.posts)
        return body

    def _searched(self, view: View, usernames: frozenset[str] | None) -> list[Account]:
        directory = self.population.directory
        if usernames is None:
            return [account for account in directory.searchable() if view.is_readable(account)]
        named = [directory.by_username(username) for username in sorted(usernames)]
        return [account for account in named if account and view.is_readable(account)]

    def usage_tweets(self, request: Request) -> dict[str, Any]:
        """GET /2/usage/tweets."""
        parameters = self._parameters(request, ("days", "usage.fields"))
        days = parameters.number("days", 1, 90, 7)
        fields = parameters.fields("usage") or USAGE_FIELDS
        return {"data": select(self.usage.report(request.state.now, days), fields)}

    def _parameters(self, request: Request, allowed: tuple[str, ...]) -> p.Parameters:
        return p.Parameters(request.query_params, allowed)

    def _answer(self, request: Request, parameters: p.Parameters, vocabulary: Vocabulary) -> Answer:
        return Answer(
            self.population,
            vocabulary,
            parameters,
            request.state.now,
            fates=self.fates,
            usage=self.usage,
        )

    def _view(self, request: Request) -> View:
        return View(self.population, self.fates, request.state.now)


def _common_vocabulary(accounts: list[Account]) -> Vocabulary:
    """Return the new vocabulary where all of an answer's accounts speak it."""
    spoken = {account.vocabulary for account in accounts}
    return Vocabulary.NEW if spoken == {Vocabulary.NEW} else Vocabulary.CLASSIC
