"""Put posts and users into an answer: fields, expansions, partial errors."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sandbox.cast import Account, Vocabulary
from sandbox.fates import Fates
from sandbox.field_names import POST_EXPANSIONS, PRIVATE_FIELDS, USER_EXPANSIONS
from sandbox.malformed import MALFORMATIONS
from sandbox.parameters import Parameters
from sandbox.population import Population
from sandbox.posts import Post, code_of
from sandbox.problems import hidden_field, missing_post, missing_user
from sandbox.usage import Usage
from sandbox.view import View
from sandbox.vocabulary import select, speak, translate

# An expansion brings the field that it expands.
_EXPANDED_FIELDS = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
    "referenced_tweets.id.attachments.media_keys": "referenced_tweets",
    "attachments.media_keys": "attachments",
    "attachments.poll_ids": "attachments",
    "geo.place_id": "geo",
    "entities.mentions.username": "entities",
    "pinned_tweet_id": "pinned_tweet_id",
    "most_recent_tweet_id": "most_recent_tweet_id",
}
_INCLUDES = ("tweets", "users", "media", "places", "polls")


class Answer:
    """One answer in the making."""

    def __init__(
        self,
        population: Population,
        vocabulary: Vocabulary,
        parameters: Parameters,
        now: datetime,
        *,
        fates: Fates | None = None,
        usage: Usage | None = None,
    ) -> None:
        """Read which fields the caller wants; what the answer returns is charged to `usage`."""
        self._population = population
        self._view = View(population, fates or Fates(population, lambda: now), now)
        self.vocabulary = vocabulary
        self._parameters = parameters
        self._now = now
        self._included: dict[str, dict[str, Any]] = {name: {} for name in _INCLUDES}
        self._errors: list[dict[str, Any]] = []
        self._usage = usage or Usage()
        self._posts_returned: list[int] = []
        self._users_returned: list[str] = []

    def posts(self, posts: Iterable[Post], parameter: str = "id") -> dict[str, Any]:
        """Return an answer with these posts as data; parameter names what they were asked by."""
        expansions = self._parameters.expansions(POST_EXPANSIONS)
        expanded = {_EXPANDED_FIELDS.get(e, "id") for e in expansions}
        fields = self._parameters.fields("post") | expanded
        data = []
        for post in posts:
            self._posts_returned.append(post.post_id)
            wire = translate(self.vocabulary, select(post.body, fields))
            if post.malformation:
                wire = MALFORMATIONS[post.malformation](wire)
            data.append(wire)
            hidden = (fields & PRIVATE_FIELDS) | (fields & set(post.withheld_fields))
            for field in sorted(hidden):
                problem = hidden_field(self.vocabulary, parameter, str(post.key), field)
                self._errors.append(problem)
            if expansions:
                self._expand_post(post, expansions, fields)
        return self._finish(data)

    def users(self, accounts: Iterable[Account]) -> dict[str, Any]:
        """Return an answer with these users as data."""
        expansions = self._parameters.expansions(USER_EXPANSIONS)
        expanded = {_EXPANDED_FIELDS.get(e, "id") for e in expansions}
        fields = self._parameters.fields("user") | expanded
        data = []
        for account in accounts:
            self._users_returned.append(account.user_id)
            user = self._view.user(account)
            data.append(translate(self.vocabulary, select(user, fields)))
            for name in sorted(expansions & set(user)):
                self._include_post(int(user[name]), name, self._parameters.fields("post"))
        return self._finish(data)

    def missing_user(self, parameter: str, value: str, account: Account | None) -> None:
        """Note the partial error of a user that is not there."""
        standing = self._view.standing(account)
        self._errors.append(missing_user(self.vocabulary, parameter, value, standing))

    def missing_post(self, parameter: str, value: str) -> None:
        """Note the partial error of a post that is not there."""
        author = self._population.directory.by_code(code_of(int(value)))
        standing = self._view.standing(author)
        self._errors.append(missing_post(self.vocabulary, parameter, value, standing))

    def _finish(self, data: list[Any]) -> dict[str, Any]:
        # Every answer with posts or users passes here, so that no endpoint can forget to charge.
        self._usage.charge(self._now, self._posts_returned, self._users_returned)
        answer: dict[str, Any] = {"data": data} if data else {}
        includes = {
            speak(self.vocabulary, name): list(objects.values())
            for name, objects in self._included.items()
            if objects
        }
        if includes:
            answer["includes"] = includes
        if self._errors:
            answer["errors"] = self._errors
        return answer

    def _expand_post(self, post: Post, expansions: frozenset[str], fields: frozenset[str]) -> None:
        body = post.body
        if "author_id" in expansions:
            self._include_user(body["author_id"])
        if "in_reply_to_user_id" in expansions and "in_reply_to_user_id" in body:
            self._include_user(body["in_reply_to_user_id"])
        if "entities.mentions.username" in expansions:
            for mention in body.get("entities", {}).get("mentions", ()):
                self._include_user(mention["id"])
        if "geo.place_id" in expansions and "geo" in body:
            self._include("place", "places", self._population.place(body["geo"]["place_id"]), "id")
        if "edit_history_tweet_ids" in expansions:
            for version in post.earlier_versions:
                self._include_post(version.key, "edit_history_tweet_ids", fields)
        self._expand_attachments(body, expansions, "attachments")
        if any(name.startswith("referenced_tweets.id") for name in expansions):
            for reference in body.get("referenced_tweets", ()):
                self._expand_reference(int(reference["id"]), expansions, fields)

    def _expand_reference(
        self, key: int, expansions: frozenset[str], fields: frozenset[str]
    ) -> None:
        post = self._include_post(key, "referenced_tweets.id", fields)
        if post is None:
            return
        if "referenced_tweets.id.author_id" in expansions:
            self._include_user(post.body["author_id"])
        self._expand_attachments(post.body, expansions, "referenced_tweets.id.attachments")

    def _expand_attachments(
        self, body: dict[str, Any], expansions: frozenset[str], prefix: str
    ) -> None:
        attachments = body.get("attachments", {})
        if f"{prefix}.media_keys" in expansions:
            for key in attachments.get("media_keys", ()):
                self._include("media", "media", self._population.media(key), "media_key")
        if f"{prefix}.poll_ids" in expansions:
            for poll_id in attachments.get("poll_ids", ()):
                self._include("poll", "polls", self._population.poll(poll_id), "id")

    def _include(self, kind: str, section: str, whole: dict[str, Any], key: str) -> None:
        if whole[key] not in self._included[section]:
            wanted = select(whole, self._parameters.fields(kind))
            self._included[section][whole[key]] = wanted

    def _include_user(self, user_id: str) -> None:
        if user_id in self._included["users"]:
            return
        account = self._population.directory.by_id(user_id)
        if account is None or self._view.is_gone(account):
            return
        user = select(self._view.user(account), self._parameters.fields("user"))
        self._included["users"][user_id] = translate(self.vocabulary, user)
        self._users_returned.append(user_id)

    def _include_post(self, key: int, parameter: str, fields: frozenset[str]) -> Post | None:
        post = self._view.find(key)
        if post is None:
            spoken = parameter
            if self.vocabulary is Vocabulary.NEW:
                spoken = parameter.replace("tweets.id", "posts").replace("tweet", "post")
            if not any(e["value"] == str(key) for e in self._errors):
                self.missing_post(spoken, str(key))
            return None
        included = self._included["tweets"]
        if str(key) not in included:
            included[str(key)] = translate(self.vocabulary, select(post.body, fields))
            self._posts_returned.append(post.post_id)
        return post
