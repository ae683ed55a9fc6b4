"""Routing tables: Adj-RIB-In, decision, Loc-RIB, reflection, update groups. No I/O, no sessions, no clock."""

from tortie.bgp.rib.add_path_group import AddPathGroup
from tortie.bgp.rib.adj_rib_in import AdjRIBIn
from tortie.bgp.rib.decision import STEPS, Decision, Step, select_best
from tortie.bgp.rib.export import ExportProfile, NextHopMode, StaleMode, exported_attributes
from tortie.bgp.rib.import_rule import ImportRule, degree_of_preference
from tortie.bgp.rib.path import LOCAL_PREF_DEFAULT, Path, Rejection, Source, SourceKind
from tortie.bgp.rib.reflection import PeerKind, is_reflection_loop, may_reflect, reflected_attributes
from tortie.bgp.rib.rib import RIB
from tortie.bgp.rib.segment import SEGMENT_SIZE_BYTES, Segment
from tortie.bgp.rib.update_group import Member, UpdateGroup

__all__ = [
    "LOCAL_PREF_DEFAULT",
    "RIB",
    "SEGMENT_SIZE_BYTES",
    "STEPS",
    "AddPathGroup",
    "AdjRIBIn",
    "Decision",
    "ExportProfile",
    "ImportRule",
    "Member",
    "NextHopMode",
    "Path",
    "PeerKind",
    "Rejection",
    "Segment",
    "Source",
    "SourceKind",
    "StaleMode",
    "Step",
    "UpdateGroup",
    "degree_of_preference",
    "exported_attributes",
    "is_reflection_loop",
    "may_reflect",
    "reflected_attributes",
    "select_best",
]
