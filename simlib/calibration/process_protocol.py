"""Protocol between the measuring processes: address, names of files and of kinds of requests."""

ADDRESS = "127.0.0.1"
CERTIFICATE, KEY, SAMPLES = "certificate.pem", "key.pem", "samples.json"  # files in the shared folder

KEPT = "kept"  # requests on a persistent connection
OPENED = "opened"  # requests that open a connection each
WARM_UP = "warm-up"  # requests that are not recorded

SETTLING = 2  # first requests of a row of equal ones, left out: they still meet the caches of another operation

ADDRESS_VARIABLE = "SIMLIB_CALIBRATION_{}"  # of the environment: addresses hold passwords, and others see arguments
