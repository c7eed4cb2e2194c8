"""What the native training loop is told and what it remembers between two calls.

``control`` (int64) and ``numbers`` (float64) are indexed by these constants. They hold the whole
position of a run inside its epochs, so that storing both, with the parameters, the optimizer's
state and the generator, is enough to go on later with the very same bits.
"""

from __future__ import annotations

# control: settings
EPOCHS = 0  #: epochs to run in all
BATCH = 1  #: rows of a mini-batch
PATIENCE = 2  #: epochs without improvement after which to stop, or 0
LOG_EVERY = 3  #: epochs between two rows of the curve
FUSED = 4  #: 1 if the loss computes its own output activation
CLASSIFIES = 5  #: 1 if the metric is an accuracy, 0 if a squared error
KEY = 6  #: from which the order of rows and the dropout masks of every epoch follow
# control: position
EPOCH = 7  #: completed epochs
POSITION = 8  #: completed mini-batches of the current epoch
UPDATE = 9  #: completed updates
STATUS = 10  #: one of the codes below
BEST_EPOCH = 11
WAITED = 12  #: epochs since the best one
PLATEAU_WAITED = 13  #: epoch at which the plateau schedule last saw a better loss or cut the rate
CURVE_ROWS = 14  #: rows written into ``curve`` by this call
ORDERED = 15  #: one more than the epoch whose rows ``order`` holds, or 0 for none yet
POSITION_END = 16
# control: one more setting, behind the position so that stored positions stay readable
DIAGNOSE = 16  #: 1 if layers are watched, see :mod:`nncli.kernels.diagnosis`
CONTROL_SIZE = 17

# numbers: settings
RATE = 0  #: the learning rate before schedule and warm-up
DROPOUT = 1  #: share of hidden units dropped
WARMUP = 2  #: epochs of warm-up
SCHEDULE = 3  #: three numbers, as `schedules.rate_factor` takes them
# numbers: position
LOSS_SUM = 6  #: of this epoch's rows so far
METRIC_SUM = 7
GRADIENT_NORM = 8  #: of the last mini-batch of an epoch, before clipping
BEST_LOSS = 9
PLATEAU_BEST = 10
PLATEAU_FACTOR = 11
MOMENTUM_PRODUCT = 12  #: of nadam's momenta up to now
NUMBERS_SIZE = 13

RUNNING, COMPLETED, STOPPED_EARLY, DIVERGED = 0, 1, 2, 3

# Columns of the curve, a row per logged epoch.
CURVE_EPOCH = 0
CURVE_TRAIN_LOSS = 1
CURVE_TRAIN_METRIC = 2
CURVE_VAL_LOSS = 3
CURVE_VAL_METRIC = 4
CURVE_RATE = 5
CURVE_GRADIENT_NORM = 6
CURVE_UPDATES = 7
CURVE_COLUMNS = 8

# Columns of the sums that ranks exchange, a row per rank, wide enough for a cache line.
SUM_LOSS, SUM_METRIC, SUM_SQUARES, SUM_COLUMNS = 0, 1, 2, 8
