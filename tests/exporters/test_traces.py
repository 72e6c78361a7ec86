from __future__ import annotations

import pytest

from otel_genai_instr.exporters.traces import Mark, Piece, SpanRecord, TraceStore

from .spans import span


def ids(piece: Piece) -> list[int]:
    return sorted(one.span_id for one in piece.spans)


def test_a_trace_is_ready_with_its_root() -> None:
    store = TraceStore()
    assert store.add([span(2, 1)]) == []
    assert store.add([span(3, 1)]) == []
    (piece,) = store.add([span(1, None)])
    assert (ids(piece), piece.mark) == ([1, 2, 3], Mark.WHOLE)
    assert store.flush() == []


def test_the_whole_batch_is_read_before_the_decision() -> None:
    (piece,) = TraceStore().add([span(1, None), span(2, 1), span(3, 2)])
    assert ids(piece) == [1, 2, 3]


def test_a_late_span_is_drawn_in_the_window_of_its_trace() -> None:
    store = TraceStore()
    store.add([span(1, None, start=0, end=100)])
    (piece,) = store.add([span(2, 1, start=50, end=200)])
    assert (ids(piece), piece.mark) == ([2], Mark.LATE)
    assert (piece.start_ns, piece.end_ns) == (0, 200_000_000)


def test_a_late_group_waits_for_its_top() -> None:
    store = TraceStore()
    store.add([span(1, None)])
    assert store.add([span(3, 2)]) == []
    (piece,) = store.add([span(2, 1)])
    assert (ids(piece), piece.mark) == ([2, 3], Mark.LATE)


def test_two_services_in_one_batch_are_one_tree() -> None:
    (piece,) = TraceStore().add([span(4, 3), span(3, 2, remote=True), span(2, 1), span(1, None)])
    assert (ids(piece), piece.mark) == ([1, 2, 3, 4], Mark.WHOLE)


def test_a_parent_believed_remote_turns_up() -> None:
    store = TraceStore()
    (first,) = store.add([span(4, 3), span(3, 2, remote=True)])
    assert (ids(first), first.mark) == ([3, 4], Mark.WHOLE)
    assert store.add([span(2, 1)]) == []
    (again,) = store.add([span(1, None)])
    assert (ids(again), again.mark) == ([1, 2, 3, 4], Mark.AGAIN)


def test_requests_of_one_remote_trace_do_not_wait_for_each_other() -> None:
    store = TraceStore()
    assert store.add([span(11, 10), span(21, 20)]) == []
    (first,) = store.add([span(10, 1, remote=True)])
    (second,) = store.add([span(20, 1, remote=True)])
    assert (ids(first), ids(second)) == ([10, 11], [20, 21])


def test_orphans_come_out_at_flush_and_may_be_adopted_later() -> None:
    store = TraceStore()
    store.add([span(2, 1)])
    (orphan,) = store.flush()
    assert (ids(orphan), orphan.mark) == ([2], Mark.ORPHAN)
    (again,) = store.add([span(1, None)])
    assert (ids(again), again.mark) == ([1, 2], Mark.AGAIN)


@pytest.mark.parametrize("root", [span(1, None, end=100), span(1, 99, end=100, remote=True)], ids=["real", "remote"])
def test_what_waits_for_a_parent_below_a_shown_root_is_cut_off(root: SpanRecord) -> None:
    store = TraceStore()
    store.add([span(3, 2, start=50, end=60)])
    (piece,) = store.add([root])
    assert (ids(piece), piece.mark) == ([1], Mark.WHOLE)
    (cut_off,) = store.flush()
    assert (ids(cut_off), cut_off.mark) == ([3], Mark.CUT_OFF)
    assert (cut_off.start_ns, cut_off.end_ns) == (0, 100_000_000)
    (again,) = store.add([span(2, 1)])
    assert (ids(again), again.mark) == ([2, 3], Mark.AGAIN)
    assert store.flush() == []


def test_what_a_bound_cuts_off_says_so_too() -> None:
    store = TraceStore(max_traces=1)
    store.add([span(3, 2), span(1, None)])
    (evicted,) = store.add([span(2, 1, trace_id=5)])
    assert (ids(evicted), evicted.mark) == ([3], Mark.CUT_OFF)


def test_an_orphan_shown_before_is_no_root() -> None:
    store = TraceStore()
    store.add([span(2, 1)])
    store.flush()
    store.add([span(4, 3)])
    assert store.flush()[0].mark is Mark.ORPHAN


def test_parents_in_a_circle_come_out_at_flush() -> None:
    store = TraceStore()
    assert store.add([span(1, 2), span(2, 1), span(3, 3)]) == []
    assert ids(store.flush()[0]) == [1, 2, 3]


def test_a_span_given_twice_is_shown_once() -> None:
    store = TraceStore()
    assert ids(store.add([span(2, 1), span(2, 1), span(1, None), span(1, None)])[0]) == [1, 2]
    assert store.add([span(1, None), span(2, 1)]) == []
    assert store.flush() == []


def test_the_longest_waiting_trace_makes_room() -> None:
    store = TraceStore(max_traces=2)
    assert store.add([span(2, 1, trace_id=1), span(2, 1, trace_id=2)]) == []
    (evicted,) = store.add([span(2, 1, trace_id=3)])
    assert (evicted.trace_id, evicted.mark) == (1, Mark.ORPHAN)
    assert [piece.trace_id for piece in store.flush()] == [2, 3]


def test_printed_traces_are_forgotten_after_a_while() -> None:
    store = TraceStore(max_traces=2)
    for trace_id in range(1, 5):
        store.add([span(1, None, trace_id=trace_id)])
    assert store.add([span(2, 1, trace_id=1)]) == []  # forgotten: an orphan, not late
    assert store.add([span(2, 1, trace_id=4)])[0].mark is Mark.LATE


def test_spans_beyond_the_bound_are_counted_and_the_tree_stays_whole() -> None:
    store = TraceStore(max_spans_per_trace=10)
    for number in range(100, 150):
        store.add([span(number, 2)])
    store.add([span(2, 1)])  # the parent of kept spans
    (piece,) = store.add([span(1, None)])
    assert (len(piece.spans), piece.omitted) == (12, 40)
    assert {1, 2} < set(ids(piece))


def test_a_call_is_kept_where_others_are_too_many() -> None:
    store = TraceStore(max_spans_per_trace=10)
    for number in range(100, 150):
        store.add([span(number, 1, "http send")])
    for number in range(200, 250):
        store.add([span(number, 1, "chat", operation="chat")])
    (piece,) = store.add([span(1, None)])
    assert (sum(one.name == "chat" for one in piece.spans), piece.omitted) == (10, 80)


def test_all_together_stay_below_the_common_bound_and_nothing_is_lost() -> None:
    store = TraceStore(max_traces=100, max_spans=50)
    pieces = [piece for number in range(90) for piece in store.add([span(number + 1, 500, trace_id=number // 9)])]
    pieces += store.flush()
    assert sum(len(piece.spans) for piece in pieces) == 90
    assert {piece.mark for piece in pieces} == {Mark.ORPHAN}
