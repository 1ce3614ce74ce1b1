"""Keep the numeric libraries to one thread each, where pictures are spread over threads or processes already.

More threads inside one picture only wait for each other: OpenBLAS spins while it waits, and doubles the
processor time of matrices as small as ours. Sums are also the same on machines of one core and of many.
"""

import cv2
import torch
from threadpoolctl import threadpool_limits


def use_one_thread() -> None:
    """Limit torch, OpenCV and every BLAS of this process, for good."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threadpool_limits(1)
