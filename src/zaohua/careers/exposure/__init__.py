"""How far generative AI could halve the time of a piece of work: a model of its words, calibrated, with its doubt.

The construct everywhere: a worker's time for the task is halved at equal quality. It says nothing about jobs lost.
"""

from zaohua.careers.exposure.occupations import OccupationExposure, of_occupation
from zaohua.careers.exposure.scoring import Exposure, of_duties

__all__ = ["Exposure", "OccupationExposure", "of_duties", "of_occupation"]
