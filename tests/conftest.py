"""For every test: what keeps a busy machine from failing it.

One torch thread, since several that wait for each other stall; no deadline for a drawn example, since tests
of time say so themselves.
"""

import pytest
import torch
from hypothesis import settings

settings.register_profile("busy", deadline=None)
settings.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    torch.set_num_threads(1)
