"""Learn when an answer changes: from observers asked about versions to the trees and their limits."""
