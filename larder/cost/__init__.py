"""What a month of Larder costs at AWS, by door, beside SageMaker Feature Store."""
