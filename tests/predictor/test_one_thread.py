import json
import subprocess
import sys

ASK = """
import json
import cv2, torch
from threadpoolctl import threadpool_info
from predictor.one_thread import use_one_thread

use_one_thread()
pools = [pool["num_threads"] for pool in threadpool_info()]
print(json.dumps([torch.get_num_threads(), cv2.getNumThreads(), *pools]))
"""


def test_every_numeric_library_keeps_to_one_thread():
    # In a process of its own: the limit holds for good.
    answered = subprocess.run([sys.executable, "-c", ASK], capture_output=True, check=True, text=True)

    threads = json.loads(answered.stdout)

    assert len(threads) > 2
    assert set(threads) == {1}
