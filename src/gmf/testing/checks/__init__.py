"""What every model must do, a function each."""
