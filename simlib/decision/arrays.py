"""Arrays of numbers, one for each draw of a Monte-Carlo or each point of a curve."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
