Console.WriteLine("smelt");
