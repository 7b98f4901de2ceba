"""The steward's decisions: what they may do, each with a person and a reason."""

from flows.decide.decisions import correct as correct
from flows.decide.decisions import refuse as refuse
from flows.decide.decisions import release as release
from flows.decide.decisions import supply as supply
from flows.decide.decisions import waive as waive
from flows.decide.decisions import withdraw as withdraw
