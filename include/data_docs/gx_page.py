"""One page for one GX result: GX's own renderer behind templates that need nobody else.

GX's stock pages fetch style sheets, scripts and fonts from other hosts and put sampled values
into the page as markup. Here every template escapes by default, and no page has a script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from great_expectations.core.expectation_validation_result import (
    ExpectationValidationResult,
    expectationSuiteValidationResultSchema,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.render.components import RenderedTableContent
from great_expectations.render.renderer.content_block.validation_results_table_content_block import (  # noqa: E501
    ValidationResultsTableContentBlockRenderer,
)
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

_TEMPLATES = Path(__file__).parent / "templates"
_TAGS = {"h5": "h3", "h6": "h4", "code": "code", "strong": "strong", "p": "p", "div": "div"}
_VERDICTS = {
    "fa-check-circle": Markup('<span class="badge good">passed</span>'),
    "fa-times": Markup('<span class="badge bad">failed</span>'),
    "fa-exclamation-triangle": Markup('<span class="badge warn">not checked</span>'),
}
_WITHOUT_POSTS = ("partial_unexpected_list", "partial_unexpected_counts", "unexpected_index_query")
"""What GX would show in the place of the posts: values alone, and a query on a lost frame."""


def render_gx_page(result: dict[str, Any], **context: Any) -> str:
    """Render GX's result JSON; ``context`` is what ``templates/gx/page.j2`` shows above it.

    Raises:
        KeyError, TypeError, ValueError: it is not the JSON of a GX suite result.
    """
    keys = {r["expectation_config"].get("meta", {}).get("key") for r in result["results"]}
    for outcome in result["results"]:
        if "unexpected_index_list" in outcome["result"]:
            for name in _WITHOUT_POSTS:
                outcome["result"].pop(name, None)
    document = _renderer().render(expectationSuiteValidationResultSchema.load(result))
    document.sections = document.sections[1:]  # GX's overview: ours stands in its place
    page = _view().render(  # type: ignore[no-untyped-call]
        document, statistics=result["statistics"], shown_keys=keys, **context
    )
    return str(page)


class ExplainedTable(ValidationResultsTableContentBlockRenderer):
    """GX's table of a column's expectations, each with its posts, key, words and severity."""

    @classmethod
    def _get_content_block_fn(
        cls,
        expectation_type: str,
        expectation_config: ExpectationConfiguration | None = None,  # noqa: ARG003
    ) -> Callable[..., list[list[Any]]]:
        # Without the configuration GX keeps to its own sentence, which names the bounds, also
        # where the suite has a description.
        rows = super()._get_content_block_fn(expectation_type)
        if rows is None:
            raise ValueError(f"GX can't show {expectation_type}")

        def explained(
            configuration: ExpectationConfiguration,
            result: ExpectationValidationResult,
            **given: Any,
        ) -> list[list[Any]]:
            (row,) = rows(configuration=configuration, result=result, **given)
            status, sentence, observed = row
            parts = sentence if isinstance(sentence, list) else [sentence]
            key, severity = configuration.meta.get("key", ""), configuration.severity.value
            note = configuration.description or configuration.notes or ""
            return [[status, [*parts, *_posts(result)], observed, key, note, severity]]

        return explained


def _posts(result: ExpectationValidationResult) -> list[RenderedTableContent]:
    """The posts that failed an expectation, as far as the result lists them."""
    listed = [] if result.success else result.result.get("unexpected_index_list") or []
    if not listed:
        return []
    ids = result.result["unexpected_index_column_names"]
    names = sorted({name for post in listed for name in post}, key=lambda n: (n not in ids, n))
    return [
        RenderedTableContent(
            header_row=names,
            table=[["none" if post.get(n) is None else post[n] for n in names] for post in listed],
        )
    ]


@cache
def _renderer() -> ValidationResultsPageRenderer:
    table = {"class_name": ExplainedTable.__name__, "module_name": __name__}
    return ValidationResultsPageRenderer(
        {"class_name": "ValidationResultsColumnSectionRenderer", "table_renderer": table},
        run_info_at_end=True,
    )


@cache
def _view() -> _PageView:
    return _PageView()


class _PageView(DefaultJinjaPageView):
    """GX's view with our templates before its own, and with text that stays text."""

    def __init__(self) -> None:
        super().__init__()
        loaders = [FileSystemLoader([_TEMPLATES / "gx", _TEMPLATES]), self.env.loader]
        self.env.loader = ChoiceLoader([loader for loader in loaders if loader])
        self.env.autoescape = True
        self.env.auto_reload = False

    @pass_context
    def render_content_block(
        self,
        context: Context,
        content_block: Any,
        index: Any = None,  # noqa: ARG002  # GX's signature
        content_block_id: Any = None,  # noqa: ARG002
        render_to_markdown: bool = False,  # noqa: ARG002
    ) -> Any:
        """A block of GX's document as markup; anything else as it is, for Jinja to escape."""
        if isinstance(content_block, list):
            parts = (self.render_content_block(context, part) for part in content_block)
            return Markup().join(_wrap("div", None, escape(part)) for part in parts)
        if isinstance(content_block, Mapping) and "content_block_type" in content_block:
            template = self._get_template(f"{content_block['content_block_type']}.j2")
            return Markup(template.render(content_block=content_block))  # noqa: S704 - escaped
        return "" if content_block is None else content_block

    def render_string_template(self, template: Any) -> Any:
        """GX's sentence with its parameters, all of it escaped."""
        if not isinstance(template, Mapping):
            return template
        styling = template.get("styling", {})
        styled, default = styling.get("params", {}), styling.get("default")
        params = {
            name: _param(name, value, styled.get(name, default))
            for name, value in template.get("params", {}).items()
        }
        sentence = escape((template.get("template") or "").replace("<br>", "\n").strip())
        lines = Template(str(sentence)).safe_substitute(params).replace("\n", "<br>")
        return _wrap(template.get("tag"), styling.get("classes"), Markup(lines))  # noqa: S704 - escaped

    def render_styling(self, styling: Mapping[str, Any]) -> Markup:
        """The classes alone: inline styles and scripted attributes are not for these pages."""
        return _classes(styling.get("classes"))


def _param(name: str, value: Any, styling: Mapping[str, Any] | None) -> Markup:
    if name == "html_success_icon":  # GX says the word beside it
        return Markup()
    classes = (styling or {}).get("classes", [])
    for icon in classes:
        if icon in _VERDICTS:
            return _VERDICTS[icon]
    if styling is None:
        return escape(value)
    return _wrap(styling.get("tag"), classes, escape(value))


def _wrap(tag: str | None, classes: list[str] | None, content: Markup) -> Markup:
    name = _TAGS.get(tag or "", "span")
    return Markup(f"<{name}{_classes(classes)}>{content}</{name}>")  # noqa: S704 - escaped


def _classes(classes: list[str] | None) -> Markup:
    if not classes:
        return Markup()
    return Markup(f' class="{escape(" ".join(classes))}"')  # noqa: S704 - escaped
