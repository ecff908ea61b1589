"""What the measuring processes must agree on."""

ADDRESS = "127.0.0.1"
CERTIFICATE, KEY, SAMPLES = "certificate.pem", "key.pem", "samples.json"  # files in the folder that they share

KEPT = "kept"  # requests on a connection that is kept
OPENED = "opened"  # requests that open a connection each
WARM_UP = "warm-up"  # requests that nobody looks at

SETTLING = 2  # first requests of a row of equal ones, left out: they still meet the caches of another operation

ADDRESS_VARIABLE = "SIMLIB_CALIBRATION_{}"  # of the environment: addresses hold passwords, and others see arguments
