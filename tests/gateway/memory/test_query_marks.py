from gateway.memory.query_marks import MARKS_OF_A_TENANT, TENANTS, QueryMarks


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def mark(marks: QueryMarks, fingerprint: int, digest: int, tenant: str = "a") -> int:
    return marks.mark(tenant, fingerprint, digest.to_bytes(4, "big"), most_bits=2, ttl_seconds=60.0)


def test_marked_pictures_that_are_alike_are_counted_each_once():
    marks = QueryMarks(Clock())

    assert [mark(marks, 0b0, 1), mark(marks, 0b1, 2), mark(marks, 0b1, 2), mark(marks, 0b1111, 3)] == [
        1,
        2,
        2,
        1,
    ]


def test_tenants_are_counted_apart():
    marks = QueryMarks(Clock())
    mark(marks, 0, 1)

    assert mark(marks, 0, 2, tenant="b") == 1
    assert marks.holds("a", (1).to_bytes(4, "big"))
    assert not marks.holds("b", (1).to_bytes(4, "big"))


def test_marks_go_after_their_time():
    clock = Clock()
    marks = QueryMarks(clock)
    mark(marks, 0, 1)
    clock.now = 61.0

    assert mark(marks, 0, 2) == 1


def test_a_tenant_pushes_out_its_own_marks_alone():
    marks = QueryMarks(Clock())
    mark(marks, 0, 0, tenant="b")

    for digest in range(2 * MARKS_OF_A_TENANT):
        mark(marks, 0, digest)

    assert len(marks) == MARKS_OF_A_TENANT + 1


def test_made_up_tenants_are_bounded():
    marks = QueryMarks(Clock())

    for number in range(TENANTS + 100):
        mark(marks, 0, 1, tenant=str(number))

    assert len(marks) == TENANTS


def test_a_tenants_marks_are_forgotten_and_no_others():
    marks = QueryMarks(Clock())
    for tenant in ("a", "b"):
        mark(marks, 0, 1, tenant=tenant)

    marks.forget("a")
    marks.forget("never seen")

    assert len(marks) == 1
    assert mark(marks, 0, 2, tenant="a") == 1
