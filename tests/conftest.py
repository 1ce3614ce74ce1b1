"""For every test: one torch thread, since several that wait for each other stall on a busy machine."""

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_torch_thread():
    torch.set_num_threads(1)
