"""One of the first is so many of the second."""

FACTORS = {
    ("miles", "km"): 1.609344,
    ("feet", "metres"): 0.3048,
    ("inches", "cm"): 2.54,
    ("pounds", "kg"): 0.45359237,
    ("ounces", "grams"): 28.349523125,
    ("gallons", "litres"): 3.785411784,
}
