using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Smelt.Runs.Tests")]
