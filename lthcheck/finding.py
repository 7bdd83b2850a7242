"""A finding: what a study's evidence says, with what a reader must know of how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lthcheck.evidence import Row
from lthcheck.report.record import record
from lthcheck.report.write import stem, write
from lthcheck.verdict.judge import Examination, examine
from lthcheck.verdict.judgement import Condition, Judgement
from lthcheck.verdict.terms import Terms

if TYPE_CHECKING:
    from lthcheck.study import Question


@dataclass(frozen=True)
class Finding:
    """The evidence on one study, and how it is to be judged.

    Attributes:
        study: `Study.as_json`.
        violations: of the protocol, by rule; where there are any, there is no verdict.
        checked: by rule, how many runs were held against it.
        layers: of each ticket, by run: weights that stay and weights in all of each prunable layer.
        terms: how it is judged.
    """

    study: Mapping[str, Any]
    rows: tuple[Row, ...]
    violations: tuple[tuple[str, str], ...] = ()
    checked: Mapping[str, int] = field(default_factory=dict)
    test_size: int | None = None
    cost: Mapping[str, Any] = field(default_factory=dict)
    layers: Mapping[str, Mapping[str, Sequence[int]]] = field(default_factory=dict)
    terms: Terms = field(default_factory=Terms)

    @property
    def name(self) -> str:
        """The study's."""
        return str(self.study["name"])

    @cached_property
    def examined(self) -> Examination:
        """Every condition of every ticket."""
        terms = replace(self.terms, test_size=self.terms.test_size or self.test_size)
        return examine(self.rows, terms, epochs=self.study.get("epochs"))

    @cached_property
    def judgement(self) -> Judgement:
        """The verdict."""
        return self.examined.judgement

    @cached_property
    def paper(self) -> Judgement | None:
        """What the rule paper says of the same rows; None where they are judged by it anyway."""
        if self.terms.rule == "paper":
            return None
        terms = replace(self.terms, rule="paper", validation=False, looks=(), extra_lrs=0)
        return examine(self.rows, terms, epochs=self.study.get("epochs")).judgement

    def of_method(self, method: str | None) -> Judgement:
        """The verdict on one method, with the advice and warnings that concern it."""
        return self.examined.of_method(method).judgement

    def claim(self, question: Question) -> Condition:
        """One condition at one lr."""
        assert question.condition is not None
        return self.examined.claim(question.condition, question.method, question.sparsity, question.lr)

    def record(self, environment: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON record (`lthcheck.verdict/1`)."""
        return record(
            study=dict(self.study),
            judgement=self.judgement,
            rows=self.rows,
            test_size=self.test_size,
            cost=dict(self.cost),
            environment=dict(environment),
            layers=self.layers,
            paper=self.paper,
        )

    def write(self, folder: Path, environment: Mapping[str, Any]) -> list[Path]:
        """Writes record, report and figures; a preset's are named after it."""
        return write(self.record(environment), folder, stem(self.study.get("preset") or self.name))

    def as_json(self) -> dict[str, Any]:
        """All of it as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Finding:
        """The inverse of `as_json`."""
        rows = tuple(Row(**row) for row in value["rows"])
        violations = tuple((rule, text) for rule, text in value["violations"])
        return cls(**{**value, "rows": rows, "violations": violations, "terms": Terms.from_json(value["terms"])})
