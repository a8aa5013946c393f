"""What a month of Larder costs at AWS, by endpoint, beside SageMaker Feature Store."""
